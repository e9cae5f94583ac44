import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, startSystem, type GraphQLClient, type System } from '@heirloom/testkit'
import { everyOperation, type Operation } from '../support/operations.js'
import { rowsOf } from '../support/rows.js'
import { belongingsOf } from '../tenants/belongings.js'
import { byId, reachingFor, type Belongings } from '../tenants/values.js'

/**
 * Each ends a string, a statement or a pattern of some language that somebody might have built; short
 * enough for most names, which would otherwise be refused for their length alone.
 */
const hostile: Readonly<Record<string, string>> = {
  sql: `'; UPDATE story SET title = 'injected' WHERE true; --`,
  'other quotes': `") $1 $$ \\' || set_config('heirloom.tenant_id','t_downe') -- `,
  'graphs and documents': `' }) MATCH (n) RETURN n // {"$ne":null,"__proto__":{}} %_*?(a+)+$ :*`,
  'paths and templates': '../../etc/passwd\r\nx-injected: 1 ${7*7} {{7*7}} %s',
  'no text': 'a\u0000b\ud800c\uffff\u202e',
}
const atOnce = 4

const telling = `{
  legacies { nodes { id title description people(first: 100) { nodes { id name } } } }
  stories { nodes { id title body } }
}`

async function textsOf(owner: GraphQLClient): Promise<ReadonlySet<string>> {
  const { data } = await owner(telling)
  const texts = JSON.stringify(data).match(/"(?:[^"\\]|\\.)*"/g) ?? []
  return new Set(texts.map((text) => JSON.parse(text) as string).filter(({ length }) => length > 7))
}

/**
 * Every string of every argument of the supergraph, one after the other, replaced by each of these
 * while all others stay what an owner would say of his own things: so the call gets as far as it can.
 */
describe('a hostile text', () => {
  let system: System
  let ask: GraphQLClient
  let mine: Belongings
  let operations: (text: string) => readonly Operation[]
  let secrets: ReadonlySet<string>

  beforeAll(async () => {
    system = await startSystem()
    ask = graphqlClient(`${system.url}/graphql`, await system.token('t_haworth'))
    const other = graphqlClient(`${system.url}/graphql`, await system.token('t_downe'))
    mine = await belongingsOf(ask)
    const own = await textsOf(ask)
    secrets = new Set([...(await textsOf(other))].filter((text) => !own.has(text)))
    expect(secrets.size).toBeGreaterThan(10)
    const schema = buildSchema(await (await fetch(`${system.url}/schema`)).text())
    operations = (text) => withEachString(text, (value) => everyOperation(schema, value))
  }, 120_000)
  afterAll(() => system.stop())

  /** The operations of the schema, one per string in their variables, with that one replaced. */
  function withEachString(
    text: string,
    every: (valueOf: ReturnType<typeof reachingFor>) => readonly Operation[],
  ): readonly Operation[] {
    const usual = reachingFor(mine, byId)
    const paths = new Set<string>()
    every((path, type) => {
      if (['String', 'ID', 'JSON'].includes(type)) paths.add(path.join('.'))
      return usual(path, type)
    })
    return [...paths].flatMap((target) => {
      const [field] = target.split('.')
      const made = every((path, type) => {
        if (path.join('.') !== target) return usual(path, type)
        return type === 'JSON' ? { [text]: text, text } : text
      })
      return made.filter((one) => one.kind !== 'subscription' && one.field === field)
    })
  }

  async function faultOf({ field, document, variables }: Operation): Promise<string | null> {
    const { status, data, errors } = await ask(document, variables)
    const codes = (errors ?? []).map(({ extensions }) => extensions?.code ?? 'none')
    const answer = JSON.stringify(data ?? null)
    const told = [...secrets].find((secret) => answer.includes(JSON.stringify(secret)))
    if (told !== undefined) return `${field} tells ${told}`
    const isOurs = codes.some((code) => /INTERNAL|UNAVAILABLE|TIMEOUT|none/.test(code))
    if (status < 500 && !isOurs) return null
    return `${field}: ${codes.join()} ${errors?.[0]?.message} ${JSON.stringify(variables)}`
  }

  it.each(Object.entries(hostile))(
    '(%s) in any argument is text, or is refused as such',
    async (_language, text) => {
      const before = await rowsOf(system.dataDir, 't_downe')
      const calls = operations(text)
      expect(calls.length).toBeGreaterThan(200)
      const wrong: string[] = []
      for (let at = 0; at < calls.length; at += atOnce) {
        const found = await Promise.all(calls.slice(at, at + atOnce).map(faultOf))
        wrong.push(...found.filter((fault) => fault !== null))
      }
      expect(wrong).toEqual([])
      expect(await rowsOf(system.dataDir, 't_downe')).toEqual(before)
      expect(await textsOf(ask)).not.toContain('injected')
    },
    300_000,
  )
})
