import { misuse, recordOf } from './heirloom-error.js'
import { printDocument, type DocumentAst } from './print-document.js'

/** A text, or a parsed document, whose data the compiler does not know. */
export type Document = string | (DocumentAst & { readonly __apiType?: never })

/**
 * A document whose data and variables are known to the compiler: graphql's TypedDocumentNode and
 * the TypedDocumentString of code generators both fit. Neither needs `graphql` here.
 */
export type TypedDocument<Data, Variables> = (DocumentAst | { valueOf(): string }) & {
  __apiType?: (variables: Variables) => Data
}

export type AnyDocument = Document | DocumentAst | { valueOf(): string }

/** The value of the one root field of a subscription's data. */
export type EventOf<Data> = NonNullable<Data[Exclude<keyof Data, '__typename'>]>

const texts = new WeakMap<object, string>()

export function textOf(document: AnyDocument): string {
  // Code generators give texts as objects of a class that extends String.
  if (typeof document === 'string' || !('definitions' in document)) return document.valueOf()
  const known = texts.get(document)
  if (known !== undefined) return known
  const text = printDocument(document)
  texts.set(document, text)
  return text
}

const textAndComments = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*/g

/**
 * A document can be resumed when it takes `$after`, hands it to the field, and selects `cursor`.
 * @throws HeirloomError MISUSE that names what to add
 */
export function requireResumable(document: string): void {
  const bare = document.replace(textAndComments, ' ')
  if (!/\$after\s*:/.test(bare)) {
    throw misuse('the subscription cannot be resumed: declare the variable $after: String')
  }
  if (!/\bafter\s*:\s*\$after\b/.test(bare)) {
    throw misuse('the subscription cannot be resumed: pass after: $after to its field')
  }
  if (!/\bcursor\b/.test(bare)) {
    throw misuse('the subscription cannot be resumed: select cursor on its field')
  }
}

/** The one root field of a subscription's data. */
export function eventOf(data: unknown): { event: unknown; cursor: string } {
  const [, event]: [string, unknown] | [] =
    Object.entries(recordOf(data)).find(([key]) => key !== '__typename') ?? []
  const cursor =
    typeof event === 'object' && event !== null && 'cursor' in event ? event.cursor : undefined
  if (typeof cursor === 'string' && cursor !== '') return { event, cursor }
  throw misuse('an event came without its cursor: select cursor, unaliased, on the root field')
}
