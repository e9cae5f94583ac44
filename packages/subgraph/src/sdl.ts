import { readFileSync } from 'node:fs'

/** The SDL of a subgraph, from schema/subgraphs/: the source of truth for its resolvers' types. */
export function loadSdl(name: string): string {
  return readFileSync(new URL(`../../../schema/subgraphs/${name}.graphql`, import.meta.url), 'utf8')
}
