import type { AwsOptions } from './clients.js'

export interface EnsureBusOptions<Name extends string> extends AwsOptions {
  /** Default `heirloom-domain-events.fifo`. */
  readonly topicName?: string
  /** One entry per consumer; `types` filters at the subscription, default all. */
  readonly queues: Readonly<Record<Name, { readonly types?: readonly string[] }>>
  /** Receives before a message goes to the dead letters. Default 5. */
  readonly maxReceives?: number
  /** How long a received message stays hidden. Default 30. */
  readonly visibilitySeconds?: number
}

export interface QueueAddress {
  readonly url: string
  readonly deadLetterUrl: string
}

export interface BusAddresses<Name extends string> {
  readonly topicArn: string
  readonly queues: Readonly<Record<Name, QueueAddress>>
}

export async function ensureBus<Name extends string>(
  _options: EnsureBusOptions<Name>,
): Promise<BusAddresses<Name>> {
  throw new Error('being written')
}
