import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The entries of schema/subgraphs.yaml. */
export function readSubgraphs() {
  return parse(readFileSync('schema/subgraphs.yaml', 'utf8')).subgraphs
}

/**
 * The SDL of a subgraph: NAME.graphql, and the parts in the folder NAME, in order of their names
 * (packages/subgraph/src/sdl.ts reads it the same way).
 * @param {string} name
 */
export function readSdl(name) {
  const parts = `schema/subgraphs/${name}`
  const files = existsSync(parts) ? readdirSync(parts).toSorted() : []
  return [`${parts}.graphql`, ...files.map((file) => `${parts}/${file}`)]
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
}
