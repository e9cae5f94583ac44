/**
 * Writes the result of a stream subscription straight to text. A catch-up of many events spends
 * most of its time in executing the same small selection again and again; here it is read once per
 * document, and an event's text is made once for all who asked with that document. Whatever is more
 * than plain fields of an event and references of its own returns undefined: graphql-js does that.
 * The answers are the same, byte for byte (stream-event-text.test.ts).
 */
import {
  getOperationAST,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  type SelectionSetNode,
} from 'graphql'
import type { ResultText } from '@heirloom/subgraph'
import { textField, type PlacedEvent } from '../domain/stream-event.js'

type Write = (event: PlacedEvent) => string

const rootFields = ['eventStream', 'timeline']

const leaves: ReadonlyMap<string, Write> = new Map<string, Write>([
  ['__typename', () => '"StreamEvent"'],
  ['id', (event) => JSON.stringify(event.id)],
  ['cursor', (event) => JSON.stringify(event.cursor)],
  ['type', (event) => JSON.stringify(event.type)],
  ['appendedAt', (event) => JSON.stringify(event.appendedAt)],
  ['occurredAt', (event) => JSON.stringify(event.occurredAt)],
  ['actorId', (event) => JSON.stringify(event.actorId)],
  ['data', (event) => event.dataJson],
])

/** Fields that refer to an entity of another subgraph: its type, and where its id stands. */
const references: ReadonlyMap<string, readonly [type: string, field: string]> = new Map([
  ['legacy', ['Legacy', 'legacy_id']],
  ['story', ['Story', 'story_id']],
  ['person', ['Person', 'person_id']],
  ['media', ['MediaAsset', 'media_id']],
])

// Documents are kept by who parses them, so a client that comes back is answered with what is here.
const known = new WeakMap<DocumentNode, ResultText | null>()

export function streamEventTexts({
  document,
  operationName,
}: ExecutionArgs): ResultText | undefined {
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  // With one operation, its name decides nothing, and the document alone says what to write.
  if (operations.length !== 1) return undefined
  const found = known.get(document)
  if (found !== undefined) return found ?? undefined
  const text = compile(document, operationName)
  known.set(document, text ?? null)
  return text
}

function compile(
  document: DocumentNode,
  operationName: string | null | undefined,
): ResultText | undefined {
  const operation = getOperationAST(document, operationName)
  const root = plainFields(operation?.selectionSet)?.[0]
  if (
    operation?.operation !== OperationTypeNode.SUBSCRIPTION ||
    operation.selectionSet.selections.length !== 1
  ) {
    return undefined
  }
  if (root === undefined || !rootFields.includes(root.name.value)) return undefined
  const event = objectText(root.selectionSet, eventField)
  if (event === undefined) return undefined
  const begin = `{"data":{${JSON.stringify(keyOf(root))}:`
  const write: Write = (placed) => `${begin}${event(placed)}}}`
  return (source) => (source as PlacedEvent).textBy(write)
}

function eventField(field: FieldNode): Write | undefined {
  const name = field.name.value
  const leaf = leaves.get(name)
  if (leaf !== undefined) return leaf
  const [type, idField] = references.get(name) ?? []
  if (type === undefined || idField === undefined) return undefined
  const entity = objectText(field.selectionSet, (inner) => entityField(inner, type, idField))
  if (entity === undefined) return undefined
  return (event) => (textField(event, idField) === null ? 'null' : entity(event))
}

function entityField({ name }: FieldNode, type: string, idField: string): Write | undefined {
  if (name.value === '__typename') return () => JSON.stringify(type)
  if (name.value !== 'id') return undefined
  return (event) => JSON.stringify(textField(event, idField))
}

/** In the order of the selection; undefined when there is anything but distinct plain fields. */
function objectText(
  selection: SelectionSetNode | undefined,
  writerOf: (field: FieldNode) => Write | undefined,
): Write | undefined {
  const fields = plainFields(selection)
  if (fields === undefined) return undefined
  const keys = new Set(fields.map(keyOf))
  if (keys.size < fields.length) return undefined
  const parts: { readonly key: string; readonly write: Write }[] = []
  for (const field of fields) {
    const write = field.arguments?.length ? undefined : writerOf(field)
    if (write === undefined) return undefined
    const comma = parts.length === 0 ? '' : ','
    parts.push({ key: `${comma}${JSON.stringify(keyOf(field))}:`, write })
  }
  return (event) => {
    let text = '{'
    for (const { key, write } of parts) text += key + write(event)
    return `${text}}`
  }
}

/** The fields of a selection without fragments and directives. */
function plainFields(selection: SelectionSetNode | undefined): readonly FieldNode[] | undefined {
  const fields: FieldNode[] = []
  for (const one of selection?.selections ?? []) {
    if (one.kind !== Kind.FIELD || one.directives?.length) return undefined
    fields.push(one)
  }
  return fields
}

function keyOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value
}
