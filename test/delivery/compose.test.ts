import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { root, subgraphs } from '../support/repository.js'

interface Service {
  readonly image: string
  readonly build?: { readonly args: { readonly WORKSPACE: string } }
  readonly environment?: Readonly<Record<string, string>>
}

const { services } = parse(readFileSync(`${root}docker-compose.yml`, 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>
}

describe('docker-compose.yml', () => {
  it.each(subgraphs())('runs the $name subgraph as schema/subgraphs.yaml lists it', (subgraph) => {
    const { name, workers, asks = [] } = subgraph
    expect(services[name]?.build?.args.WORKSPACE).toBe(`subgraphs/${name}`)
    expect(services[`${name}-migrate`]).toBeDefined()
    expect(services[`${name}-worker`] !== undefined).toBe(workers.length > 0)
    for (const peer of asks) {
      expect(services[name]?.environment?.[`${peer.toUpperCase()}_URL`]).toContain(`//${peer}:`)
    }
  })

  it('runs no service of ours that the list does not have', () => {
    const known = ['gateway', ...subgraphs().map(({ name }) => name)]
    const ours = Object.values(services).filter(({ image }) => image.startsWith('heirloom/'))
    expect(new Set(ours.map(({ image }) => image.replace('heirloom/', '')))).toEqual(new Set(known))
  })

  it('has every server of the production-like stack', () => {
    for (const server of ['postgres', 'neo4j', 'opensearch', 'localstack', 'minio', 'keycloak']) {
      expect(services).toHaveProperty(server)
    }
  })
})
