export { createAuthorizer, type Authorizer, type AuthorizerOptions } from './authorizer.js'
export { createExplainer, type Explainer, type Explanation } from './explainer.js'
export { legacyVisibility, type LegacyVisibility } from './legacy-visibility.js'
export { rightsKey } from './rights-key.js'
export {
  isVisible,
  storyVisibility,
  type StoryClause,
  type StoryFacts,
  type StoryVisibility,
} from './story-visibility.js'
export {
  actions,
  storyLevels,
  storyStates,
  type Action,
  type Resource,
  type StoryLevel,
  type StoryState,
} from './vocabulary.js'
