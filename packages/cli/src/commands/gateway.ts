import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CliError, UsageError } from '../cli-error.js'
import { defineCommand, type Terminal } from '../command.js'

// The gateway is a service like any other: it is known by its program, which is configured by its
// environment, and run as a process of its own.

const program = fileURLToPath(
  new URL('../../../../gateway/dist/standalone/main.js', import.meta.url),
)

export const gateway = defineCommand({
  words: ['gateway'],
  summary:
    'serve any Federation 2 supergraph over HTTP and WebSocket, without the rest of Heirloom',
  arguments: [],
  options: {
    supergraph: { type: 'string', placeholder: 'FILE', help: 'the composed SDL; required' },
    port: { type: 'string', placeholder: 'N', help: 'default 4000; 0 takes a free one' },
    host: { type: 'string', placeholder: 'ADDRESS', help: 'default 127.0.0.1' },
    header: {
      type: 'string',
      multiple: true,
      placeholder: 'NAME',
      help: 'send this request header on to subgraphs; may be repeated',
    },
    subgraph: {
      type: 'string',
      multiple: true,
      placeholder: 'NAME=URL',
      help: 'where a subgraph is, when not where the supergraph says; may be repeated',
    },
    watch: { type: 'boolean', help: 'take up what is written to FILE, without a restart' },
    executor: {
      type: 'string',
      placeholder: 'NAME',
      help: 'compiled (default): plans as code; reference: Apollo Gateway',
    },
    planner: {
      type: 'string',
      placeholder: 'NAME',
      help: "hive, apollo, or auto (default): Hive's where it loads, Apollo's for the rest",
    },
    introspection: { type: 'boolean', help: 'let clients read the schema (default)' },
    'no-introspection': { type: 'boolean', help: 'do not' },
    'max-depth': { type: 'string', placeholder: 'N', help: 'of an operation, default 20' },
    'max-fields': { type: 'string', placeholder: 'N', help: 'fragments expanded, default 2000' },
    'max-aliases': { type: 'string', placeholder: 'N', help: 'default 100' },
    'max-root-fields': { type: 'string', placeholder: 'N', help: 'default 50' },
    'max-directives': { type: 'string', placeholder: 'N', help: 'default 500' },
    'max-cost': {
      type: 'string',
      placeholder: 'N',
      help: 'of an operation by @cost and @listSize; default 0: no limit',
    },
    'max-list-size': {
      type: 'string',
      placeholder: 'N',
      help: 'what first, last and the like may ask for; default 0: no limit',
    },
    'default-list-size': {
      type: 'string',
      placeholder: 'N',
      help: 'how long a list is taken to be of which nothing is said, default 10',
    },
    'persisted-operations': {
      type: 'string',
      placeholder: 'MODE',
      help: 'automatic (default), listed: nothing else runs, or off',
    },
    'operations-file': {
      type: 'string',
      placeholder: 'FILE',
      help: "the list: Apollo's manifest, or the documents by their ids as JSON",
    },
    timeout: {
      type: 'string',
      placeholder: 'MS',
      help: 'how long a subgraph may take for one answer, default 30000',
    },
    'log-level': { type: 'string', placeholder: 'LEVEL', help: 'default info' },
  },
  description: `Serves GraphQL at /graphql over HTTP (POST) and WebSocket (graphql-transport-ws), GraphiQL
at /graphiql, the schema at /schema, /healthz, and /readyz, which names subgraphs that do not
answer. Nobody has to sign in: subgraphs are told what clients say in the headers named by
--header. On a socket the payload of connection_init may carry them. Ctrl-C ends it, after what
is under way. docs/gateway.md says more.`,
  examples: [
    'heirloom gateway --supergraph supergraph.graphql',
    'heirloom gateway --supergraph s.graphql --header authorization --header x-tenant --watch',
    'heirloom gateway --supergraph s.graphql --subgraph users=http://127.0.0.1:4001/graphql',
  ],
  run: async ({ values }, terminal) => {
    const { supergraph } = values
    if (supergraph === undefined) throw new UsageError('--supergraph FILE is missing')
    if (values.introspection === true && values['no-introspection'] === true) {
      throw new UsageError('--introspection and --no-introspection exclude each other')
    }
    if (!existsSync(program)) throw new CliError('NOT_BUILT', 'build it first: npm run build')
    await serve(terminal, {
      SUPERGRAPH_FILE: resolve(terminal.cwd, supergraph),
      PORT: wholeNumber('port', values.port),
      HOST: values.host ?? '',
      FORWARD_HEADERS: (values.header ?? []).join(' '),
      SUBGRAPH_URLS: (values.subgraph ?? []).join(' '),
      WATCH_SUPERGRAPH: values.watch === true ? 'on' : 'off',
      GATEWAY_EXECUTOR: oneOf('executor', values.executor, ['compiled', 'reference']),
      GATEWAY_PLANNER: oneOf('planner', values.planner, ['auto', 'apollo', 'hive']),
      INTROSPECTION: values['no-introspection'] === true ? 'off' : 'on',
      MAX_DEPTH: wholeNumber('max-depth', values['max-depth']),
      MAX_FIELDS: wholeNumber('max-fields', values['max-fields']),
      MAX_ALIASES: wholeNumber('max-aliases', values['max-aliases']),
      MAX_ROOT_FIELDS: wholeNumber('max-root-fields', values['max-root-fields']),
      MAX_DIRECTIVES: wholeNumber('max-directives', values['max-directives']),
      MAX_COST: wholeNumber('max-cost', values['max-cost']),
      MAX_LIST_SIZE: wholeNumber('max-list-size', values['max-list-size']),
      DEFAULT_LIST_SIZE: wholeNumber('default-list-size', values['default-list-size']),
      PERSISTED_OPERATIONS: oneOf('persisted-operations', values['persisted-operations'], [
        'automatic',
        'listed',
        'off',
      ]),
      PERSISTED_OPERATIONS_FILE: fileIn(terminal, values['operations-file']),
      SUBGRAPH_TIMEOUT_MS: wholeNumber('timeout', values.timeout),
      LOG_LEVEL: values['log-level'] ?? '',
    })
  },
})

/** Resolves when the gateway has stopped, as it was told to. */
async function serve(
  terminal: Terminal,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const child = fork(program, [], {
    env: { ...terminal.env, ...settings },
    // Answers on their way through are many, large and soon over: with less room for the young,
    // half of the time goes into copying them.
    execArgv: ['--max-semi-space-size=64'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const stop = (): void => void child.kill('SIGTERM')
  terminal.signal.addEventListener('abort', stop, { once: true })
  if (terminal.signal.aborted) stop()
  const said: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => terminal.err(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  child.on('message', (message) => {
    if (!isListening(message)) return
    terminal.out(`${message.address}/graphql\n`)
  })
  const code = await exitCodeOf(child)
  terminal.signal.removeEventListener('abort', stop)
  if (code === 0 || terminal.signal.aborted) return
  const reason = said.join('').trim()
  throw new CliError('GATEWAY_FAILED', reason === '' ? `the gateway ended with ${code}` : reason)
}

async function exitCodeOf(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return code ?? signal ?? 'nothing'
}

function isListening(message: unknown): message is { readonly address: string } {
  if (typeof message !== 'object' || message === null) return false
  return 'type' in message && message.type === 'listening' && 'address' in message
}

function fileIn({ cwd }: Terminal, file: string | undefined): string {
  return file === undefined ? '' : resolve(cwd, file)
}

function wholeNumber(name: string, text: string | undefined): string {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text ?? ''
  throw new UsageError(`--${name} must be a whole number`)
}

function oneOf(name: string, text: string | undefined, values: readonly string[]): string {
  if (text === undefined || values.includes(text)) return text ?? ''
  throw new UsageError(`--${name} must be ${values.join(' or ')}`)
}
