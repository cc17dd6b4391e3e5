/** Reads all pages of a list that people look at as a whole. */

interface Page<Item> {
  data: Item[];
  pagination: { cursor: string | null };
}

/** A list of more pages ends here: it is too long to look at. */
const MOST_PAGES = 20;

export async function allPages<Item>(read: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data, pagination } = await read(cursor);
    items.push(...data);
    if (pagination.cursor === null) break;
    cursor = pagination.cursor;
  }
  return items;
}
