import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The names of schema/subgraphs.yaml, in its order. */
export function listedSubgraphs(): readonly string[] {
  const text = readFileSync(new URL('../../schema/subgraphs.yaml', import.meta.url), 'utf8')
  const { subgraphs } = parse(text) as { readonly subgraphs: readonly { readonly name: string }[] }
  return subgraphs.map(({ name }) => name)
}
