import { defineCommand } from '../../command.js'
import { connect, connectionOptions } from '../../connection/connect.js'
import { explainRoute, listRoutes, saveRoute } from './api.js'
import { enumName, jsonObject, jsonOption, listOf, required, targetOptions } from './options.js'
import { routeRows, scopeOf, table, word } from './show.js'

const scopeOptions = {
  'for-tenant': {
    type: 'string',
    placeholder: 'ID',
    help: 'the tenant whose data it is; by default your own',
  },
  project: { type: 'string', placeholder: 'ID', help: 'of one project only' },
  surface: { type: 'string', placeholder: 'ID', help: 'of one surface only' },
} as const

export const routesList = defineCommand({
  words: ['routes', 'list'],
  summary: 'list which backend keeps which kind of data for whom',
  arguments: [],
  options: {
    kind: { type: 'string', placeholder: 'KIND', help: 'routes for this kind of data only' },
    ...connectionOptions,
    ...jsonOption,
  },
  description: `Shows the routes of your tenant and those for any tenant; an operator (--tenant t_system)
sees all.`,
  examples: [
    'heirloom routes list --tenant t_system',
    'heirloom routes list --kind chat_store --json',
  ],
  run: async ({ values }, terminal) => {
    const routes = await listRoutes(await connect(values, terminal), values.kind)
    terminal.out(values.json === true ? `${JSON.stringify(routes)}\n` : table(routeRows(routes)))
  },
})

export const routesSave = defineCommand({
  words: ['routes', 'save'],
  summary: 'say which backend keeps a kind of data; moves nothing',
  arguments: ['KIND'],
  options: {
    ...targetOptions,
    ...scopeOptions,
    'any-tenant': { type: 'boolean', help: 'for every tenant without a route of its own' },
    env: {
      type: 'string',
      placeholder: 'NAME',
      help: 'the environment; by default the running one',
    },
    modes: {
      type: 'string',
      placeholder: 'LIST',
      help: 'saas,enterprise,system,lab; by default all',
    },
    tier: { type: 'string', placeholder: 'TEXT', help: 'the tier, for people' },
    'cost-notes': { type: 'string', placeholder: 'TEXT', help: 'what it costs, for people' },
    rationale: { type: 'string', placeholder: 'TEXT', help: 'why the backend changes' },
    ...connectionOptions,
    ...jsonOption,
  },
  description: `Adds a route, or changes the one with the same kind, tenant, environment, modes, project
and surface. What is on the backend of before stays there: to take it along, see "heirloom routes
migrate".`,
  examples: [
    `heirloom routes save chat_store --to postgres --config '{"connection":"main"}' --any-tenant --tenant t_system`,
  ],
  run: async ({ values, positionals: [resourceKind = ''] }, terminal) => {
    const target = {
      backendType: enumName(required('to', values.to)),
      config: jsonObject('config', values.config),
    }
    const own = values['for-tenant'] ?? values.tenant ?? null
    const client = await connect(values, terminal)
    const route = await saveRoute(client, {
      resourceKind,
      ...target,
      tenantId: values['any-tenant'] === true ? null : own,
      env: values.env ?? null,
      modes: listOf(values.modes),
      projectId: values.project ?? null,
      surfaceId: values.surface ?? null,
      tier: values.tier ?? null,
      costNotes: values['cost-notes'] ?? null,
      switchRationale: values.rationale ?? null,
    })
    terminal.out(values.json === true ? `${JSON.stringify(route)}\n` : table(routeRows([route])))
  },
})

export const routesExplain = defineCommand({
  words: ['routes', 'explain'],
  summary: 'say which route a request would take, and why; changes nothing',
  arguments: ['KIND'],
  options: {
    ...scopeOptions,
    mode: { type: 'string', placeholder: 'MODE', help: 'saas, enterprise, system or lab' },
    ...connectionOptions,
    ...jsonOption,
  },
  description: `Lists every route for this kind of data, the one that would be taken first, and what of
each of the others does not fit.`,
  examples: [
    'heirloom routes explain chat_store --for-tenant t_haworth --mode saas --tenant t_system',
  ],
  run: async ({ values, positionals: [kind = ''] }, terminal) => {
    const explanation = await explainRoute(await connect(values, terminal), {
      kind,
      tenantId: values['for-tenant'] ?? null,
      mode: values.mode === undefined ? null : enumName(values.mode),
      projectId: values.project ?? null,
      surfaceId: values.surface ?? null,
    })
    if (values.json === true) return terminal.out(`${JSON.stringify(explanation)}\n`)
    const { route, reason, candidates } = explanation
    const taken =
      route === null ? '' : `${route.id}: ${word(route.backendType)}, for ${scopeOf(route)}\n`
    const rows = candidates.map((one) => [
      one.route.id,
      scopeOf(one.route),
      word(one.route.backendType),
      one.fits ? 'fits' : `does not fit: ${one.mismatches.map(word).join(', ')}`,
    ])
    terminal.out(`${taken}${reason}\n${table([['ROUTE', 'FOR', 'BACKEND', ''], ...rows])}`)
  },
})
