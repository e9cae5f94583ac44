import { announceStart } from '@heirloom/subgraph'
import { AppError } from '@heirloom/errors'
import type { Filter, Scalar } from '@heirloom/persistence'
import {
  placedDocument,
  watchDocuments,
  writeDocument,
  type DocumentChanged,
  type PlacedDocument,
  type PlacedDocumentEvent,
} from '../../domain/stores/documents.js'
import type {
  DeleteDocumentResultResolvers,
  DocumentEventResolvers,
  DocumentFilterInput,
  DocumentFilterOperator,
  DocumentResolvers,
  MutationResolvers,
  QueryResolvers,
  SubscriptionResolvers,
  WriteDocumentResultResolvers,
} from '../../generated/resolvers.js'
import { lower, upper } from '../enum-names.js'
import { jsonObject } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'

export const documentQueries: Pick<QueryResolvers, 'document' | 'documents'> = {
  document: async (_parent, { database, path }, { scope }) => {
    const found = await scope.stores.documents().get(database, path)
    return found === null ? null : placedDocument(database, found)
  },
  documents: (_parent, args, { scope }) => {
    const { database, collection, where, orderBy } = args
    const { limit, token } = pageRequest(args)
    const page = scope.stores.documents().query(database, {
      collection,
      where: (where ?? []).map(filterOf),
      orderBy: (orderBy ?? []).map(({ field, direction }) => ({
        field,
        direction: lower(direction ?? 'ASC'),
      })),
      limit,
      ...(token === null ? {} : { token }),
    })
    return storePage(
      page.then(({ documents, next }) => ({
        items: documents.map((found) => placedDocument(database, found)),
        next,
      })),
    )
  },
}

export const documentMutations: Pick<
  MutationResolvers,
  'createDocument' | 'updateDocument' | 'patchDocument' | 'deleteDocument'
> = {
  createDocument: async (_parent, { input }, { scope }) => {
    const { database, path, data } = input
    const written = await writeDocument(scope.stores, input, async (store) => ({
      document: placedDocument(database, await store.create(database, path, jsonObject(data))),
    }))
    return 'changed' in written ? documentChanged(written) : written
  },
  updateDocument: async (_parent, { input }, { scope }) => {
    const { database, path, data } = input
    const written = await writeDocument(scope.stores, input, async (store) => ({
      document: placedDocument(
        database,
        await store.update(database, path, jsonObject(data), conditionOf(input)),
      ),
    }))
    return 'changed' in written ? documentChanged(written) : written
  },
  patchDocument: async (_parent, { input }, { scope }) => {
    const { database, path, patch } = input
    const written = await writeDocument(scope.stores, input, async (store) => ({
      document: placedDocument(
        database,
        await store.patch(database, path, jsonObject(patch), conditionOf(input)),
      ),
    }))
    return 'changed' in written ? documentChanged(written) : written
  },
  deleteDocument: async (_parent, { input }, { scope }) => {
    const { database, path } = input
    const deleted = await writeDocument(scope.stores, input, async (store) => {
      await store.delete(database, path, conditionOf(input))
      return { deletedPath: path }
    })
    return 'changed' in deleted ? documentChanged(deleted) : deleted
  },
}

export const documentSubscriptions: Pick<SubscriptionResolvers, 'watchDocuments'> = {
  watchDocuments: {
    subscribe: (_parent, { database, collection, after }, context) =>
      watchDocuments(
        context.scope.stores,
        { database, collection: collection ?? null, after: after ?? null },
        (cursor) => announceStart(context, cursor),
      ),
    resolve: (event: PlacedDocumentEvent) => event,
  },
}

export const documentResolvers: DocumentResolvers = { path: pathOf }

export const documentEventResolvers: DocumentEventResolvers = {
  type: ({ type }) => upper(type),
  path: pathOf,
}

export const writeDocumentResultResolvers: WriteDocumentResultResolvers = {
  __resolveType: (result) => ('document' in result ? 'DocumentPayload' : 'DocumentChanged'),
}

export const deleteDocumentResultResolvers: DeleteDocumentResultResolvers = {
  __resolveType: (result) =>
    'deletedPath' in result ? 'DeleteDocumentPayload' : 'DocumentChanged',
}

const operators: Readonly<Record<DocumentFilterOperator, Filter['op']>> = {
  EQ: '==',
  LT: '<',
  LTE: '<=',
  GT: '>',
  GTE: '>=',
}

function filterOf({ field, operator, value = null }: DocumentFilterInput): Filter {
  if (typeof value === 'object' && value !== null) {
    throw new AppError(
      'INVALID_INPUT',
      'a filter compares with a text, a number, true, false or null',
    )
  }
  return { field, op: operators[operator ?? 'EQ'], value: value as Scalar }
}

function conditionOf(input: { readonly expectedVersion?: number | null | undefined }): {
  readonly ifVersion?: number
} {
  const { expectedVersion: version } = input
  return version === undefined || version === null ? {} : { ifVersion: version }
}

function pathOf({ collection, id }: { readonly collection: string; readonly id: string }): string {
  return `${collection}/${id}`
}

function documentChanged({ current }: DocumentChanged): {
  readonly code: string
  readonly message: string
  readonly current: PlacedDocument | null
} {
  return { code: 'CONFLICT', message: 'the document is not as it was expected', current }
}
