export { createAuthorizer, type Authorizer, type AuthorizerOptions } from './authorizer.js'
export { rightsKey } from './rights-key.js'
export { storyVisibility, type StoryVisibility } from './story-visibility.js'
export { actions, type Action, type Resource } from './vocabulary.js'
