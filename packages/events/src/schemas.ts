import type { DomainEvent } from './envelope.js'

export function validateEvent(_event: DomainEvent): void {}
