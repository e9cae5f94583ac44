/** A process that seals, to be killed in the middle of it. */
import { createLogger } from '@heirloom/telemetry'
import { createSealer } from '../sealer.js'

const [databaseUrl = '', batchSize = ''] = process.argv.slice(2)

process.on('disconnect', () => process.exit(0))
await createSealer({
  name: 'test',
  databaseUrl,
  logger: createLogger({ service: 'sealer', level: 'silent' }),
  batchSize: Number(batchSize),
  pollIntervalMs: 1,
}).start()
process.send?.('ready')
