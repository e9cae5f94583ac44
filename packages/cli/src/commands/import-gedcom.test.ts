import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { apiError, legacyId, startApiServer, type ApiServer } from '../testing/api-server.js'
import { createWorkplace, type Workplace } from '../testing/run.js'

let api: ApiServer
let place: Workplace
beforeEach(async () => {
  api = await startApiServer()
  place = await createWorkplace(api.cliFile)
})
afterEach(async () => {
  await api.close()
  await place.remove()
})

const tree = (name: string, ...more: string[]): string =>
  [
    '0 HEAD\n1 CHAR UTF-8\n1 SOUR Test',
    `0 @I1@ INDI\n1 NAME ${name}\n1 SEX M\n1 FAMS @F1@`,
    '0 @I2@ INDI\n1 NAME Maria /Branwell/\n1 SEX F\n1 FAMS @F1@\n1 DEAT Y',
    '0 @I3@ INDI\n1 NAME Charlotte /Brontë/\n2 NICK Tallii\n1 FAMC @F1@\n1 OCCU Author',
    '0 @F1@ FAM\n1 HUSB @I1@\n1 WIFE @I2@\n1 CHIL @I3@',
    ...more,
    '0 TRLR\n',
  ].join('\n')

const importFile = (...more: string[]): string[] => [
  'import',
  'gedcom',
  'Brontë Family.ged',
  '--tenant=t_haworth',
  ...more,
]

describe('heirloom import gedcom', () => {
  it('creates the legacy that the file name suggests, and brings people and links in', async () => {
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/'))
    const { code, out, err } = await place.run(importFile())
    expect({ code, err }).toEqual({
      code: 0,
      err: '3 of 3 people, 0 of 3 relationships\n3 of 3 people, 3 of 3 relationships\n',
    })
    expect(api.legacies).toEqual([{ id: legacyId, slug: 'bronte-family', title: 'Brontë Family' }])
    expect(JSON.parse(api.people.get('Brontë Family.ged/I1') ?? '')).toMatchObject({
      externalId: 'I1',
      name: 'Patrick Brontë',
      givenName: 'Patrick',
      surname: 'Brontë',
      sex: 'MALE',
    })
    expect([...api.relationships]).toEqual(['PARTNER I1 I2', 'PARENT I1 I3', 'PARENT I2 I3'])
    expect(out).toContain('3 people in 1 families: 2 parent links, 1 couples')
    expect(out).toMatch(/people +3 +0 +0\n +relationships +3 +– +0/)
    expect(out).toContain('INDI.OCCU       line 17: Author')
    expect(out).toContain('people keep no nickname; line 13: Tallii')
    expect(out).toContain('a death without date and place is not kept; line 8: Maria Branwell')
  })

  it('changes nothing the second time, and updates what a newer file changes', async () => {
    await place.write('Brontë Family.ged', tree('Patrick /Brunty/'))
    await place.run(importFile())
    const again = await place.run(importFile('--json'))
    expect(again.code).toBe(0)
    expect(JSON.parse(again.out)).toMatchObject({
      imported: {
        peopleCreated: 0,
        peopleUpdated: 0,
        peopleUnchanged: 3,
        relationshipsCreated: 0,
        relationshipsUnchanged: 3,
        legacy: { slug: 'bronte-family' },
      },
    })
    await place.write('renamed.ged', tree('Patrick /Brontë/'))
    const into = [`--legacy=${legacyId}`, '--source=Brontë Family.ged']
    const newer = await place.run([
      'import',
      'gedcom',
      'renamed.ged',
      '--tenant=haworth',
      '--json',
      ...into,
    ])
    expect(JSON.parse(newer.out)).toMatchObject({
      imported: { peopleCreated: 0, peopleUpdated: 1, peopleUnchanged: 2 },
    })
    expect(api.legacies).toHaveLength(1)
  })

  it('sends no more at once than the API takes, all people before the relationships', async () => {
    const people = Array.from({ length: 2_500 }, (_, at) => `0 @P${at}@ INDI\n1 FAMC @F1@`)
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/', ...people))
    const { code } = await place.run(importFile('--json'))
    expect(code).toBe(0)
    expect(api.batches).toEqual([
      { people: 1_000, relationships: 0 },
      { people: 1_000, relationships: 0 },
      { people: 503, relationships: 0 },
      { people: 0, relationships: 4_000 },
      { people: 0, relationships: 1_003 },
    ])
  })

  it('draws a bar on a terminal', async () => {
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/'))
    const { err } = await place.run(importFile(), { isInteractive: true })
    expect(err).toContain('[##############################] 3 of 3 people, 3 of 3 relationships')
    expect(err.endsWith('\r\u001b[K')).toBe(true)
  })

  it('tries again what may succeed later', async () => {
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/'))
    api.failures.push(apiError('SUBGRAPH_UNAVAILABLE', true), apiError('TIMEOUT', true))
    const { code, err } = await place.run(importFile())
    expect(code).toBe(0)
    expect(err).toMatch(/refused by SUBGRAPH_UNAVAILABLE; trying again in \d\.\d s/)
    expect(api.relationships.size).toBe(3)
  })

  it('says which right is missing', async () => {
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/'))
    api.failures.push(apiError('FORBIDDEN'))
    const { code, err } = await place.run(importFile())
    expect(code).toBe(1)
    expect(err).toBe(
      'heirloom: refused by FORBIDDEN (FORBIDDEN)\n' +
        'The role of this token does not allow it: importing takes an editor or an owner.\n',
    )
    expect(api.people.size).toBe(0)
  })

  it('refuses a file that is no GEDCOM by its first line, and sends nothing', async () => {
    await place.write('Brontë Family.ged', '<html>\n')
    const { code, out, err } = await place.run(importFile())
    expect({ code, out, err }).toEqual({
      code: 1,
      out: '',
      err: 'heirloom: Brontë Family.ged: this is no GEDCOM file: it begins with "<html>" instead of "0 HEAD" (GEDCOM_INVALID)\n',
    })
    expect([api.legacies, api.tokenRequests]).toEqual([[], []])
  })

  it('takes what can be read of a file with malformed lines, and names them', async () => {
    await place.write(
      'Brontë Family.ged',
      tree('Patrick /Brontë/', '0 @I9@ INDI', '1 BI-RT', '2 DATE 1820'),
    )
    const { code, out } = await place.run(importFile())
    expect(code).toBe(0)
    expect(out).toContain('Problems in the file (2):\n  line 23: the tag cannot be read')
    expect(out).toContain('line 24: belongs to line 23, which could not be read\n      2 DATE 1820')
    expect(api.people.size).toBe(4)
  })

  it('only reads and reports with --dry-run, without a system', async () => {
    const alone = await createWorkplace()
    await alone.write('a.ged', tree('Patrick /Brontë/'))
    const { code, out, err } = await alone.run(['import', 'gedcom', 'a.ged', '--dry-run'])
    await alone.remove()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Nothing was sent (--dry-run).')
  })

  it.each([
    ['report.txt', /^a\.ged: UTF-8|a\.ged: ASCII/],
    ['report.json', /^\{\n {2}"encoding": /],
  ])('writes the whole report to %s', async (name, beginning) => {
    await place.write(
      'a.ged',
      tree('Patrick /Bront/', ...Array.from({ length: 30 }, (_, at) => `0 @S${at}@ _T${at}`)),
    )
    const { code, out } = await place.run([
      'import',
      'gedcom',
      'a.ged',
      '--dry-run',
      '--report',
      name,
    ])
    expect(code).toBe(0)
    expect(out).toContain('--report FILE writes them all')
    const report = await readFile(join(place.folder, name), 'utf8')
    expect(report).toMatch(beginning)
    expect(report).toContain('_T29')
  })

  it('shortens what is longer than the API takes, and says so', async () => {
    await place.write('Brontë Family.ged', tree('x'.repeat(400)))
    const { code, out } = await place.run(importFile())
    expect(code).toBe(0)
    expect(out).toContain('longer than 300 characters, and shortened')
    const { name } = JSON.parse(api.people.get('Brontë Family.ged/I1') ?? '') as { name: string }
    expect(name).toHaveLength(300)
  })

  it.each([
    [
      'a file that is not there',
      ['import', 'gedcom', 'no.ged', '--tenant', 't_haworth'],
      'no.ged cannot be read: there is no such file',
    ],
    [
      'a legacy id that names nothing',
      importFile('--legacy', '01JD0HAW0RTH0CHAR10TTE0009'),
      'there is no legacy with the id',
    ],
    [
      'a tenant without credentials',
      ['import', 'gedcom', 'Brontë Family.ged', '--tenant', 'x'],
      'there are no credentials for a tenant "x"; there is: t_haworth, t_downe',
    ],
    [
      'a secret that is wrong',
      ['import', 'gedcom', 'Brontë Family.ged', '--tenant', 't_downe'],
      'gave no token: invalid_client: wrong secret (UNAUTHENTICATED)',
    ],
    ['a token that is not taken', importFile('--token', 'bad'), 'who asks? (UNAUTHENTICATED)'],
    [
      'a report that cannot be written',
      importFile('--report', 'no/such/folder'),
      'the report cannot be written',
    ],
  ])('fails with a clear message for %s', async (_what, argv, message) => {
    await place.write('Brontë Family.ged', tree('Patrick /Brontë/'))
    const { code, err } = await place.run(argv)
    expect(code).toBe(1)
    expect(err).toContain(message)
  })

  it.each([
    [
      'no tenant',
      ['import', 'gedcom', 'a.ged'],
      '--tenant is missing; there is: t_haworth, t_downe',
    ],
    ['no file', ['import', 'gedcom'], 'FILE is missing'],
    [
      'two files',
      ['import', 'gedcom', 'a.ged', 'b.ged'],
      'there is one argument too many: "b.ged"',
    ],
    ['an unknown option', importFile('--fast'), "Unknown option '--fast'"],
    [
      'a name without a slug',
      ['import', 'gedcom', '家系.ged', '--tenant', 't_haworth'],
      'name the legacy with --legacy',
    ],
    [
      'an address that is none',
      importFile('--url', 'localhost'),
      '--url "localhost" is no address',
    ],
  ])('answers 2 and points to the help for %s', async (_what, argv, message) => {
    const { code, out, err } = await place.run(argv)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toContain('See: heirloom import gedcom --help')
  })
})
