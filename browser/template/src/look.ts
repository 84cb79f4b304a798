// How pictures look, as the page's query asks.

/** Look is what the query chooses beside the layout. */
export type Look = {
  /** cameras fill their tiles and are cut at the edges; a shared screen is always whole */
  cover: boolean;
  /** each picture bears its participant's name */
  names: boolean;
  /** nothing is shown, so no picture is asked for */
  soundOnly: boolean;
};

/** lookFromQuery reads `fit=cover`, `names=true` and `sound=only`. */
export function lookFromQuery(query: URLSearchParams): Look {
  return {
    cover: query.get("fit") === "cover",
    names: ["", "1", "true"].includes(query.get("names") ?? "false"),
    soundOnly: query.get("sound") === "only",
  };
}
