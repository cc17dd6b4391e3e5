/** Copy text to the clipboard. Pages that are not served over HTTPS have no Clipboard API: select and copy there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.className = "sr";
    document.body.append(area);
    area.select();
    // The only way without the Clipboard API, although deprecated.
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
