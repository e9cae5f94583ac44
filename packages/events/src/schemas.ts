import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { AppError } from '@heirloom/errors'
import type { DomainEvent } from './envelope.js'

// schema/events/: one JSON Schema per type and version, beside the envelope that all share.
const directory = new URL('../../../schema/events/', import.meta.url)
const maxReportedFaults = 10

interface Catalogue {
  readonly envelope: ValidateFunction
  /** By `Type.v1`. */
  readonly events: ReadonlyMap<string, ValidateFunction>
}

let loaded: Catalogue | undefined

/**
 * Checks an event against the schema of its type and version: what is written to the outbox, and
 * again what a consumer reads. Fields that the schema does not know are allowed.
 * @throws AppError INVALID_INPUT with the faults in `details`
 */
export function validateEvent(event: unknown): asserts event is DomainEvent {
  loaded ??= load()
  if (!loaded.envelope(event)) throw invalid('an event', loaded.envelope.errors)
  const { type, version } = event as DomainEvent
  const name = `${type}.v${version}`
  const validate = loaded.events.get(name)
  if (validate === undefined) {
    throw new AppError('INVALID_INPUT', `there is no schema for the event ${name}`, {
      details: { type, version },
    })
  }
  if (!validate(event)) throw invalid(name, validate.errors)
}

function invalid(what: string, errors: ErrorObject[] | null | undefined): AppError {
  const faults = (errors ?? []).slice(0, maxReportedFaults).map(({ instancePath, message }) => ({
    path: instancePath,
    message: message ?? 'is not valid',
  }))
  const first = faults[0]
  return new AppError(
    'INVALID_INPUT',
    `${what} does not fit its schema: ${first?.path || 'it'} ${first?.message ?? 'is not valid'}`,
    { details: { faults } },
  )
}

/** Every schema is compiled once per process; a broken one fails the first event, not the last. */
function load(): Catalogue {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
  })
  formats.default(ajv)
  const names = readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
  const ids = new Map<string, string>()
  for (const name of names) {
    const schema = JSON.parse(readFileSync(new URL(`${name}.json`, directory), 'utf8')) as {
      $id: string
    }
    ids.set(name, schema.$id)
    ajv.addSchema(schema)
  }
  const compiled = new Map([...ids].map(([name, id]) => [name, compile(ajv, id)]))
  const envelope = compiled.get('envelope.v1')
  if (envelope === undefined)
    throw new AppError('INTERNAL', 'schema/events has no envelope.v1.json')
  compiled.delete('envelope.v1')
  return { envelope, events: compiled }
}

function compile(ajv: Ajv2020, id: string): ValidateFunction {
  const validate = ajv.getSchema(id)
  if (validate === undefined) throw new AppError('INTERNAL', `${id} cannot be compiled`)
  return validate
}
