import { existsSync, readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../schema/subgraphs/', import.meta.url)

/**
 * The SDL of a subgraph, the source of truth for its resolvers' types: schema/subgraphs/NAME.graphql
 * and, for one that has many types, the parts in the folder NAME beside it, in order of their names.
 * What several subgraphs share is named as `#import "../shared/PART.graphql"`.
 */
export function loadSdl(name: string): string {
  const parts = new URL(`${name}/`, folder)
  const files = existsSync(parts) ? readdirSync(parts).filter(isSdl).toSorted() : []
  return [new URL(`${name}.graphql`, folder), ...files.map((file) => new URL(file, parts))]
    .map(readWithImports)
    .join('\n')
}

function readWithImports(file: URL): string {
  return readFileSync(file, 'utf8').replaceAll(/^#import "(.+)"$/gm, (_line, path: string) =>
    readFileSync(new URL(path, file), 'utf8'),
  )
}

function isSdl(file: string): boolean {
  return file.endsWith('.graphql')
}
