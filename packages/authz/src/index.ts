export { createAuthorizer, type Action, type Authorizer, type Resource } from './authorizer.js'
