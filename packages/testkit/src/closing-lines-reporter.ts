import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestSuite,
  Vitest,
} from 'vitest/node'
import { closingLines, type RunNode } from './closing-lines.js'

/** Prints `closingLines` when a run ends. List it after the reporters whose output comes first. */
class ClosingLinesReporter implements Reporter {
  private vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.vitest = vitest
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const lines = closingLines(modules.map(runNode), {
      unhandledErrors: unhandled.length,
      filtered: this.vitest?.config.testNamePattern !== undefined,
    })
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}

function runNode(task: TestModule | TestSuite | TestCase): RunNode {
  if (task.type === 'test') {
    const result = task.result()
    const note = result.state === 'skipped' ? result.note : undefined
    return {
      kind: 'test',
      name: task.name,
      state: result.state,
      mode: task.options.mode,
      ...(note === undefined ? {} : { note }),
      errors: 0,
      children: [],
    }
  }
  const state = task.state()
  return {
    kind: task.type,
    name: task.type === 'module' ? task.relativeModuleId : task.name,
    state: state === 'queued' ? 'pending' : state,
    ...(task.type === 'suite' ? { mode: task.options.mode } : {}),
    errors: task.errors().length,
    children: [...task.children].map(runNode),
  }
}

// Vitest finds a reporter that is named by its path through the default export.
// oxlint-disable-next-line import/no-default-export
export default ClosingLinesReporter
