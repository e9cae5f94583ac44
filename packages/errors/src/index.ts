export { AppError, hasCode, toAppError, type ErrorDetails } from './app-error.js'
export { errorCodes, isErrorCode, type ErrorCode } from './codes.js'
export { errorEnvelope, errorFields, type ErrorEnvelope, type ErrorFields } from './envelope.js'
