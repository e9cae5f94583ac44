export {
  createEventFactory,
  type CreateEvent,
  type DomainEvent,
  type EventPayload,
  type NewEvent,
} from './envelope.js'
export { validateEvent } from './schemas.js'
export { outboxChannel, outboxMigrations, writeOutbox } from './outbox.js'
export { inboxMigrations, inboxRetentionDays, once } from './inbox.js'
export { republishSince } from './outbox-table.js'
export { createOutboxRelay, type OutboxRelayOptions } from './outbox-relay.js'
export { createRelay, type RelayOptions } from './relay.js'
export { createConsumer } from './consumer.js'
export type { ConsumerOptions } from './consumer-options.js'
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
