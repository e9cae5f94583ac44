import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

/** The root of the repository, with a slash at its end; seen from here, or from what is built. */
export const root = ['../../', '../../../']
  .map((up) => fileURLToPath(new URL(up, import.meta.url)))
  .find((folder) => existsSync(`${folder}schema/subgraphs.yaml`)) as string

export interface SubgraphEntry {
  readonly name: string
  readonly port: number
  readonly needs: readonly string[]
  readonly workers: readonly string[]
  readonly asks?: readonly string[]
}

/** The entries of schema/subgraphs.yaml. */
export function subgraphs(): readonly SubgraphEntry[] {
  const text = readFileSync(`${root}schema/subgraphs.yaml`, 'utf8')
  return (parse(text) as { subgraphs: SubgraphEntry[] }).subgraphs
}
