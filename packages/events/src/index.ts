export {
  createEventFactory,
  type CreateEvent,
  type DomainEvent,
  type EventPayload,
  type NewEvent,
} from './envelope.js'
export { validateEvent } from './schemas.js'
export { outboxChannel, outboxMigrations, writeOutbox } from './outbox.js'
export { inboxMigrations, once } from './inbox.js'
export { createRelay, type RelayOptions } from './relay.js'
export { createConsumer, type ConsumerOptions } from './consumer.js'
export type { Service } from './service.js'
export type {
  Delivery,
  EventBus,
  PublishFailure,
  PublishOutcome,
  QueueFacts,
  ReceiveOptions,
  WaitOptions,
} from './bus.js'
export { createSnsSqsBus, type SnsSqsBusOptions } from './sns-sqs/bus.js'
export type { AwsOptions } from './sns-sqs/clients.js'
export {
  ensureBus,
  type BusAddresses,
  type EnsureBusOptions,
  type QueueAddress,
} from './sns-sqs/ensure-bus.js'
