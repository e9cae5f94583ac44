import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

/** The entries of schema/subgraphs.yaml. */
export function readSubgraphs() {
  return parse(readFileSync('schema/subgraphs.yaml', 'utf8')).subgraphs
}

/**
 * The SDL of a subgraph: NAME.graphql, and the parts in the folder NAME, in order of their names,
 * with what they name as `#import "PATH"` in its place
 * (packages/subgraph/src/sdl.ts reads it the same way).
 * @param {string} name
 */
export function readSdl(name) {
  const parts = `schema/subgraphs/${name}`
  const files = existsSync(parts) ? readdirSync(parts).toSorted() : []
  return [`${parts}.graphql`, ...files.map((file) => `${parts}/${file}`)]
    .filter((file) => file.endsWith('.graphql'))
    .map(readWithImports)
    .join('\n')
}

/** @param {string} file */
function readWithImports(file) {
  return readFileSync(file, 'utf8').replaceAll(/^#import "(.+)"$/gm, (_line, path) =>
    readFileSync(join(dirname(file), path), 'utf8'),
  )
}
