/**
 * What people of royal92.ged are to Queen Victoria (1819–1901), and to each other, as published
 * genealogies have it: Burke's Royal Families of the World, vol. 1 (1977), and the genealogical
 * tables in the biographies by Longford (1964) and Pope-Hennessy (1959). People are named by the
 * record ids of the file.
 */
export const relationships: readonly {
  readonly from: readonly [xref: string, who: string]
  readonly to: readonly [xref: string, who: string]
  /** What `to` is to `from`. */
  readonly relationship: string
}[] = [
  {
    from: ['@I1@', 'Victoria'],
    to: ['@I52@', 'Elizabeth II'],
    relationship: 'great-great-granddaughter',
  },
]
