/** Reads all pages of a list that people look at as a whole. */

interface Page<Item> {
  data: Item[];
  pagination: { cursor: string | null };
}

const PAGE = 200;
/** A list of more pages ends here: it is too long to look at. */
const MOST_PAGES = 20;

/** The parameters of one page. */
interface Where {
  limit: number;
  cursor?: string;
}

export async function allPages<Item>(read: (where: Where) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let where: Where = { limit: PAGE };
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data, pagination } = await read(where);
    items.push(...data);
    if (pagination.cursor === null) break;
    where = { limit: PAGE, cursor: pagination.cursor };
  }
  return items;
}
