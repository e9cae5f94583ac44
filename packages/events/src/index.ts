export { createEventFactory, type CreateEvent, type DomainEvent, type EventPayload, type NewEvent } from './envelope.js'
export { outboxChannel, outboxMigrations, writeOutbox } from './outbox.js'
export { validateEvent } from './schemas.js'
