import type { MutationResolvers, QueryResolvers, Resolvers } from '../../generated/resolvers.js'
import { attributionMutations, attributionQueries, utmTemplateResolvers } from './attribution.js'
import {
  budgetMutations,
  budgetQueries,
  budgetUsageResolvers,
  spendBudgetResultResolvers,
} from './budget.js'
import {
  appendCanvasCommandResultResolvers,
  canvasMutations,
  canvasQueries,
  canvasResolvers,
} from './canvas.js'
import { chatMessageResolvers, chatMutations, chatQueries, chatThreadResolvers } from './chat.js'
import {
  configMutations,
  configQueries,
  effectiveConfigResolvers,
  saveConfigResultResolvers,
} from './config.js'
import {
  deleteDocumentResultResolvers,
  documentEventResolvers,
  documentMutations,
  documentQueries,
  documentResolvers,
  writeDocumentResultResolvers,
} from './documents.js'
import {
  firearmGrantResolvers,
  firearmsAuditResolvers,
  firearmsDecisionResolvers,
  firearmsMutations,
  firearmsQueries,
  saveActionBindingResultResolvers,
} from './firearms.js'
import { mediaOutputMutations, mediaOutputQueries } from './media-output.js'
import {
  memoryMessageResolvers,
  memoryMutations,
  memoryQueries,
  memorySessionResolvers,
  saveBlackboardResultResolvers,
} from './memory.js'
import { metricDimensionsResolvers, metricMutations, metricQueries } from './metrics.js'
import { seoMutations, seoQueries } from './seo.js'
import {
  saveStrategyPolicyResultResolvers,
  strategyMutations,
  strategyPolicyResolvers,
  strategyQueries,
} from './strategy.js'
import {
  deleteTableRowResultResolvers,
  saveTableRowResultResolvers,
  tableMutations,
  tableQueries,
} from './tables.js'
import { userMutations, userQueries, writeDatabaseUserResultResolvers } from './users.js'

export const storeQueries: QueryResolvers = {
  ...attributionQueries,
  ...budgetQueries,
  ...canvasQueries,
  ...chatQueries,
  ...configQueries,
  ...documentQueries,
  ...firearmsQueries,
  ...mediaOutputQueries,
  ...memoryQueries,
  ...metricQueries,
  ...seoQueries,
  ...strategyQueries,
  ...tableQueries,
  ...userQueries,
}

export const storeMutations: MutationResolvers = {
  ...attributionMutations,
  ...budgetMutations,
  ...canvasMutations,
  ...chatMutations,
  ...configMutations,
  ...documentMutations,
  ...firearmsMutations,
  ...mediaOutputMutations,
  ...memoryMutations,
  ...metricMutations,
  ...seoMutations,
  ...strategyMutations,
  ...tableMutations,
  ...userMutations,
}

export const storeTypes: Resolvers = {
  AppendCanvasCommandResult: appendCanvasCommandResultResolvers,
  BudgetUsage: budgetUsageResolvers,
  Canvas: canvasResolvers,
  ChatMessage: chatMessageResolvers,
  ChatThread: chatThreadResolvers,
  DeleteDocumentResult: deleteDocumentResultResolvers,
  DeleteTableRowResult: deleteTableRowResultResolvers,
  Document: documentResolvers,
  DocumentEvent: documentEventResolvers,
  EffectiveConfig: effectiveConfigResolvers,
  FirearmGrant: firearmGrantResolvers,
  FirearmsAudit: firearmsAuditResolvers,
  FirearmsDecision: firearmsDecisionResolvers,
  MemoryMessage: memoryMessageResolvers,
  MemorySession: memorySessionResolvers,
  MetricDimensions: metricDimensionsResolvers,
  SaveActionBindingResult: saveActionBindingResultResolvers,
  SaveBlackboardResult: saveBlackboardResultResolvers,
  SaveConfigResult: saveConfigResultResolvers,
  SaveStrategyPolicyResult: saveStrategyPolicyResultResolvers,
  SaveTableRowResult: saveTableRowResultResolvers,
  SpendBudgetResult: spendBudgetResultResolvers,
  StrategyPolicy: strategyPolicyResolvers,
  UtmTemplate: utmTemplateResolvers,
  WriteDatabaseUserResult: writeDatabaseUserResultResolvers,
  WriteDocumentResult: writeDocumentResultResolvers,
}
