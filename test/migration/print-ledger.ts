import type { MigrationLedger } from './scenario.js'

/** The ledger as a person reads it. */
export function printLedger(ledger: MigrationLedger): string {
  const { answers, events, counted, leftBehind } = ledger
  const faults = {
    lost: [...ledger.lost, ...events.missing],
    duplicated: [...ledger.doubled, ...events.doubled],
    resurrected: ledger.resurrected,
    stale: ledger.stale,
    'never written': [...ledger.foreign, ...events.foreign],
    'missed by the follower': events.followerMissed,
  }
  const refused = sum(answers, 'refused')
  const unknown = sum(answers, 'unknown')
  const lines = [
    `seed ${ledger.seed}, ${ledger.records} records, ${ledger.seconds.toFixed(0)} s`,
    `acknowledged writes      ${ledger.acknowledged} (refused ${refused}, unanswered ${unknown})`,
    `present exactly once     ${ledger.rightOnce} records, ${events.acknowledged - events.missing.length} events`,
    ...Object.entries(faults).map(([name, all]) => `${name.padEnd(24)} ${all.length}`),
    `out of order             ${events.outOfOrder}`,
    `counted together         ${counted.is}, acknowledged ${counted.atLeast}, begun ${counted.atMost}`,
    `left behind              ${leftBehind.postgres} on Postgres, ${leftBehind.dynamoDb} on DynamoDB`,
    ...ledger.moves.flatMap(({ kind, to, seconds, phases }) => [
      `${kind} to ${to}: ${seconds.toFixed(0)} s`,
      ...phases.map(
        (one) =>
          `  ${one.phase.padEnd(16)} ${one.seconds.toFixed(1).padStart(6)} s  ${one.kills} runners and ${one.writersKilled} writers killed, ${one.sleeps} runners asleep`,
      ),
    ]),
    ...Object.values(faults).flatMap((all) => all.slice(0, 20)),
    ledger.isClean ? 'nothing is missing, nothing is there twice' : 'NOT CLEAN',
  ]
  return lines.join('\n')
}

function sum(answers: Readonly<Record<string, number>>, outcome: string): number {
  return Object.entries(answers).reduce(
    (all, [answer, count]) => (answer.startsWith(outcome) ? all + count : all),
    0,
  )
}
