import { createHash } from 'node:crypto'
import type { MessageAttributeValue, PublishBatchRequestEntry } from '@aws-sdk/client-sns'
import type { DomainEvent } from '../envelope.js'

// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html and API_Publish.html
export const maxBatchEntries = 10
export const maxBatchBytes = 262_144
const groupIdPattern = /^[\w!"#$%&'()*+,\-./:;<=>?@[\\\]^`{|}~]{1,128}$/

/** Events with the same group are delivered in the order in which they were published. */
export function messageGroup(event: DomainEvent): string {
  const group = `${event.tenant_id}/${event.resource.kind}/${event.resource.id}`
  return groupIdPattern.test(group) ? group : createHash('sha256').update(group).digest('hex')
}

export interface Message {
  readonly event: DomainEvent
  readonly group: string
  readonly entry: PublishBatchRequestEntry
  readonly bytes: number
}

export function toMessage(event: DomainEvent): Message {
  const body = serialize(event)
  const attributes = {
    type: event.type,
    tenant_id: event.tenant_id,
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  }
  const group = messageGroup(event)
  return {
    event,
    group,
    entry: {
      Id: event.id,
      Message: body,
      MessageGroupId: group,
      MessageDeduplicationId: event.id,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, text(value)]),
      ),
    },
    bytes: Buffer.byteLength(body) + attributeBytes(attributes),
  }
}

// SNS and SQS refuse what XML 1.0 cannot carry; inside JSON the same character can be escaped.
// C1 controls are allowed there, but emulators and logs disagree about them.
const notInXml = /[\u007f-\u009f\ufffe\uffff]/g

function serialize(event: DomainEvent): string {
  return JSON.stringify(event).replace(
    notInXml,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function text(value: string): MessageAttributeValue {
  return { DataType: 'String', StringValue: value }
}

// Name, data type and value count towards the limit.
function attributeBytes(attributes: Readonly<Record<string, string>>): number {
  return Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + name.length + 'String'.length + Buffer.byteLength(value),
    0,
  )
}
