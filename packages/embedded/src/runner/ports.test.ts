import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { listen } from '../listen.js'
import { planPorts, requireFreePorts } from './ports.js'
import { readSubgraphs } from './repository.js'

const subgraphs = readSubgraphs()

function every(plan: ReturnType<typeof planPorts>): readonly number[] {
  const { subgraphs: named, ...servers } = plan
  return [...Object.values(servers), ...Object.values(named)]
}

describe('the ports of a system', () => {
  it('are those of subgraphs.yaml at the default', () => {
    const plan = planPorts(4000, subgraphs)
    expect(plan.subgraphs).toEqual(
      Object.fromEntries(subgraphs.map(({ name, port }) => [name, port])),
    )
  })

  it('do not meet those of a system ten ports away', () => {
    const all = [...every(planPorts(4000, subgraphs)), ...every(planPorts(4010, subgraphs))]
    expect(new Set(all).size).toBe(all.length)
  })

  it('are named when one is taken, with the way out', async () => {
    const server = createServer()
    const taken = await listen(server, 0, 'the test')
    const plan = { ...planPorts(taken, []), oidc: 0, bus: 0, postgres: 0 }
    await expect(requireFreePorts(plan)).rejects.toThrow(
      new RegExp(`port ${taken}, wanted for gateway, .* --port`),
    )
    await new Promise((resolve) => server.close(resolve))
  })
})
