/** What ran, as a tree: a file, its suites, their tests. */
export interface RunNode {
  readonly kind: 'module' | 'suite' | 'test'
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly mode?: 'run' | 'only' | 'skip' | 'todo'
  /** A test's own words for not running. */
  readonly note?: string
  /** Errors outside of any test: a file that does not load, a hook that throws. */
  readonly errors: number
  readonly children: readonly RunNode[]
}

/** In a suite's title: what follows is the reason why it cannot run. */
export const reasonMarker = ' — needs '

interface NotRun {
  readonly path: string
  readonly reason: string
}

/**
 * One line for each suite or test that did not run, with its reason; a suite that is left out
 * whole is one line. Then the totals, alone on the last line. Errors outside of tests count as
 * failures: a file that does not even load must not look like a pass.
 */
export function closingLines(
  modules: readonly RunNode[],
  options: { unhandledErrors?: number; filtered?: boolean } = {},
): string[] {
  const tests = modules.flatMap(testsOf)
  const count = (state: RunNode['state']): number =>
    tests.filter((test) => test.state === state).length
  const failed = count('failed') + modules.reduce(errorsIn, options.unhandledErrors ?? 0)
  const skipped = count('skipped') + count('pending')
  const notRun =
    options.filtered === true && skipped > 0
      ? [`not run: ${skipped} tests — left out by the name filter`]
      : modules.flatMap((module) => skippedIn(module, [])).map(line)
  return [...notRun, `${count('passed')} passed, ${failed} failed, ${skipped} skipped`]
}

function line({ path, reason }: NotRun): string {
  return `not run: ${path} — ${reason}`
}

function errorsIn(sum: number, node: RunNode): number {
  return node.children.reduce(errorsIn, sum + (node.kind === 'test' ? 0 : node.errors))
}

function testsOf(node: RunNode): readonly RunNode[] {
  return node.kind === 'test' ? [node] : node.children.flatMap(testsOf)
}

function skippedIn(node: RunNode, parents: readonly string[]): readonly NotRun[] {
  const [title = '', needs] = node.name.split(reasonMarker)
  const path = [...parents, title]
  const tests = testsOf(node)
  const isSkipped = (test: RunNode): boolean => test.state === 'skipped' || test.state === 'pending'
  if (!tests.some(isSkipped)) return []
  const whole = node.mode === 'skip' || node.mode === 'todo'
  if (node.kind === 'test' || (whole && tests.every(isSkipped))) {
    return [
      { path: path.join(' > '), reason: needs === undefined ? reasonOf(node) : `needs ${needs}` },
    ]
  }
  return node.children.flatMap((child) => skippedIn(child, path))
}

function reasonOf(node: RunNode): string {
  if (node.note !== undefined) return node.note
  if (node.mode === 'todo') return 'not written yet'
  if (node.mode === 'skip') return 'skipped in the code, which gives no reason'
  return 'what must run before it failed, or another test is marked "only"'
}
