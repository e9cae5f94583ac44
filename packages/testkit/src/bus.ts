import { startBus, type EmbeddedBus } from '@heirloom/embedded'

/** SNS, SQS and S3 of its own for one test file: nothing is shared, nothing outlives `close`. */
export function testBus(): Promise<EmbeddedBus> {
  return startBus()
}
