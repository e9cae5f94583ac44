/** One family as the seed writes it down: public facts about people long dead, told in our words. */
export interface Family {
  readonly tenantId: string
  readonly legacy: { readonly slug: string; readonly title: string; readonly description: string }
  readonly people: readonly SeedPerson[]
  /** Each row: one or two parents, then their children, by the keys of `people`. */
  readonly households: readonly Household[]
  readonly stories: readonly SeedStory[]
  readonly pictures: readonly SeedPicture[]
}

export interface SeedPerson {
  readonly key: string
  readonly name: string
  readonly sex: 'FEMALE' | 'MALE'
  /** GEDCOM date phrases. */
  readonly born?: string
  readonly bornAt?: string
  readonly died?: string
  readonly diedAt?: string
}

export interface Household {
  readonly partners: readonly string[]
  readonly children: readonly string[]
}

export interface SeedStory {
  readonly key: string
  readonly title: string
  readonly body: string
  readonly about: readonly string[]
  /** Drafts are seen by their author, editors and owners only. */
  readonly draft?: true
}

export interface SeedPicture {
  readonly key: string
  readonly story: string
  readonly fileName: string
  readonly caption: string
  readonly svg: string
}
