/**
 * What people of royal92.ged are to each other according to published genealogies: Burke's Royal
 * Families of the World, vol. 1 (1977), and the tables in Weir's Britain's Royal Families (1989).
 * Names as the importer writes them; a year of birth where a name alone is not enough.
 */
export interface Relationship {
  readonly from: string
  readonly to: string
  /** What `to` is to `from`. */
  readonly relationship: string
  readonly alsoRelated?: readonly string[]
  /** How published tables lead from one to the other. */
  readonly because: string
}

const victoria = 'Victoria Hanover, 1819'
const elizabeth2 = 'Elizabeth II Alexandra Mary Windsor'

export const relationships: readonly Relationship[] = [
  {
    from: victoria,
    to: 'Albert Augustus Charles',
    relationship: 'husband',
    alsoRelated: ['first cousin'],
    because: 'his father Ernest I of Saxe-Coburg was the brother of her mother Victoria',
  },
  {
    from: victoria,
    to: 'George III Hanover',
    relationship: 'grandfather',
    because: 'her father Edward of Kent was his fourth son',
  },
  {
    from: victoria,
    to: 'Leopold I George of Saxe-Coburg',
    relationship: 'uncle',
    because: 'the first King of the Belgians was a brother of her mother',
  },
  {
    from: victoria,
    to: 'William II, 1859',
    relationship: 'grandson',
    because: 'Wilhelm II was the eldest son of her eldest daughter Victoria',
  },
  {
    from: victoria,
    to: 'Mary of Teck (May)',
    relationship: 'wife of grandson',
    alsoRelated: ['first cousin once removed'],
    because:
      'she married George V; Mary Adelaide of Cambridge, the mother, was a first cousin of Victoria',
  },
  {
    from: victoria,
    to: 'Louis of Burma Mountbatten',
    relationship: 'great-grandson',
    because: 'by her daughter Alice and her granddaughter Victoria of Hesse',
  },
  {
    from: victoria,
    to: elizabeth2,
    relationship: 'great-great-granddaughter',
    because: 'by Edward VII, George V and George VI',
  },
  {
    from: elizabeth2,
    to: 'Philip Mountbatten',
    relationship: 'husband',
    alsoRelated: ['second cousin once removed'],
    because:
      'both descend from Christian IX of Denmark, he in the third generation, she in the fourth',
  },
]
