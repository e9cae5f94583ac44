import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const root = new URL('../../../../', import.meta.url)

/** An entry of schema/subgraphs.yaml. */
export interface ListedSubgraph {
  readonly name: string
  readonly port: number
  readonly needs: readonly ('postgres' | 'bus' | 'objects')[]
  readonly workers: readonly string[]
  readonly asks?: readonly string[]
  readonly subscriptions?: boolean
}

export function readSubgraphs(): readonly ListedSubgraph[] {
  const text = readFileSync(new URL('schema/subgraphs.yaml', root), 'utf8')
  return (parse(text) as { subgraphs: ListedSubgraph[] }).subgraphs
}

/** The program of a service, the same file that its image runs. `gateway` is one of them. */
export function serviceScript(name: string): string {
  const folder = name === 'gateway' ? name : `subgraphs/${name}`
  return fileURLToPath(new URL(`${folder}/dist/main.js`, root))
}
