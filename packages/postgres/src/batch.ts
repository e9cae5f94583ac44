/**
 * Several statements in one round trip, all or nothing.
 *
 * They are sent as one pipeline of the extended query protocol with a single Sync at its end. The
 * server runs what stands before a Sync as one implicit transaction
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING): it commits
 * at the Sync, and after an error skips to it and rolls back. So nothing is left open on the
 * connection, whatever fails, and a setting made local to the transaction ends with it. Statements
 * have no names, and a pooler hands on a connection only after the Sync: this is safe with poolers
 * of transactions and of statements too.
 */
import pg from 'pg'

/** What kysely compiles to is one as well. */
export interface Statement {
  /** One statement, without BEGIN, COMMIT or ROLLBACK. */
  readonly sql: string
  readonly parameters: readonly StatementParameter[]
}

export type StatementParameter = string | number | boolean | null | Date | readonly string[]

/** The rows of each statement, in order. Rejects with the driver's errors. */
export function sendBatch(
  client: pg.PoolClient,
  statements: readonly Statement[],
): Promise<readonly (readonly unknown[])[]> {
  const sent = statements.map(({ sql, parameters }) => ({ sql, values: parameters.map(wireText) }))
  return new Promise((resolve, reject) => {
    // The driver's own query collects the results, one for each statement, as it does for several
    // statements in one text; only what is sent differs.
    const query = new pg.Query({ text: 'a batch' }, undefined, (error, results: unknown) => {
      if (error) {
        Error.captureStackTrace(error)
        reject(error)
        return
      }
      const all = (Array.isArray(results) ? results : [results]) as readonly pg.QueryResult[]
      resolve(all.map((result) => result.rows as readonly unknown[]))
    })
    query.submit = (connection) => {
      connection.stream.cork()
      for (const { sql, values } of sent) {
        connection.parse({ name: '', text: sql, types: [] }, true)
        connection.bind({ values }, true)
        connection.describe({ type: 'P' }, true)
        connection.execute(null, true)
      }
      connection.sync()
      connection.stream.uncork()
    }
    client.query(query)
  })
}

/** The text format of a parameter. */
function wireText(value: StatementParameter): string | null {
  if (value === null || typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'object') return `{${value.map(arrayElement).join(',')}}`
  return String(value)
}

function arrayElement(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
