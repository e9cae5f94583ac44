export { createLogger, type Logger } from './logger.js'
export { childTraceparent, newTraceparent } from './traceparent.js'
