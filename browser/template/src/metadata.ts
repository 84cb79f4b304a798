/** layoutFromMetadata reads the layout out of the recorder's own participant metadata, where UpdateLayout puts it. */
export function layoutFromMetadata(metadata: string | undefined): string | undefined {
  if (!metadata) return undefined;
  try {
    const parsed: unknown = JSON.parse(metadata);
    if (typeof parsed === "object" && parsed !== null && "layout" in parsed && typeof parsed.layout === "string") {
      return parsed.layout;
    }
  } catch {
    // Metadata of another kind is not for us.
  }
  return undefined;
}
