import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The entries of schema/subgraphs.yaml. */
export function readSubgraphs() {
  return parse(readFileSync('schema/subgraphs.yaml', 'utf8')).subgraphs
}
