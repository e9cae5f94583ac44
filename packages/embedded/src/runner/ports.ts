import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { listen } from '../listen.js'
import type { ListedSubgraph } from './repository.js'

export interface PortPlan {
  readonly gateway: number
  readonly oidc: number
  readonly bus: number
  readonly postgres: number
  readonly subgraphs: Readonly<Record<string, number>>
}

const defaultGatewayPort = 4000
const serversBefore = 4

/**
 * The gateway has the port that was asked for, and the servers behind it the three that follow.
 * At the default port the subgraphs have those of subgraphs.yaml; at any other port they follow
 * the servers. So a system takes ten ports in a row: a second one fits at 4010.
 */
export function planPorts(gateway: number, subgraphs: readonly ListedSubgraph[]): PortPlan {
  return {
    gateway,
    oidc: gateway + 1,
    bus: gateway + 2,
    postgres: gateway + 3,
    subgraphs: Object.fromEntries(
      subgraphs.map(({ name, port }, index) => [
        name,
        gateway === defaultGatewayPort ? port : gateway + serversBefore + index,
      ]),
    ),
  }
}

const attempts = 3
const attemptDelayMs = 150

/**
 * Finds out before anything is started, so that the answer names the port and what to do.
 * @throws AppError CONFLICT
 */
export async function requireFreePorts(plan: PortPlan): Promise<void> {
  const { subgraphs, ...servers } = plan
  const wanted = Object.entries({ ...servers, ...subgraphs })
  await Promise.all(wanted.map(([name, port]) => requireFree(port, name)))
}

async function requireFree(port: number, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const server = createServer()
    try {
      await listen(server, port, name)
      await new Promise((resolve) => server.close(resolve))
      return
    } catch (cause) {
      if (attempt < attempts) {
        await delay(attemptDelayMs)
        continue
      }
      throw new AppError(
        'CONFLICT',
        `port ${port}, wanted for ${name}, is in use by another program: ` +
          `stop that program, or choose other ports with "npm start -- --port ${suggestion(port)}"`,
        { cause, details: { port } },
      )
    }
  }
}

function suggestion(port: number): number {
  return port < defaultGatewayPort + 1_000 ? defaultGatewayPort + 1_000 : defaultGatewayPort
}
