import { createLogger } from '@heirloom/telemetry'
import { runService } from '@heirloom/subgraph'
import { AppError } from '@heirloom/errors'
import type { Gateway } from '../server.js'
import { readStandaloneConfig, type StandaloneConfig } from './config.js'
import { createStandaloneGateway } from './standalone-gateway.js'

// The program behind `heirloom gateway`, configured by its environment alone. Whoever started it
// with an IPC channel is told the address; what keeps it from serving is one line on stderr.

try {
  const config = readStandaloneConfig(process.env)
  const logger = createLogger({ service: 'gateway', level: config.logLevel })
  const gateway = await createStandaloneGateway(config, logger)
  const address = await listen(gateway, config)
  process.send?.({ type: 'listening', address })
  await runService(
    [{ name: 'gateway', start: () => Promise.resolve(address), stop: () => gateway.close() }],
    logger,
  )
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

/** @throws AppError INVALID_INPUT when the address cannot be had */
async function listen(gateway: Gateway, { host, port }: StandaloneConfig): Promise<string> {
  try {
    return await gateway.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      throw new AppError('INVALID_INPUT', `port ${port} of ${host} is taken`, { cause })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new AppError('INVALID_INPUT', `cannot listen on ${host}, port ${port} (${code})`, {
        cause,
      })
    }
    throw cause
  }
}
