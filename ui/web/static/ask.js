/* Asking over the API, the answer as it grows. */

export class AskError extends Error {
  constructor(kind, message = "") {
    super(message);
    this.kind = kind;
  }
}

/**
 * Ask a question.
 *
 * @param {object} body what `POST api/ask` takes
 * @param {?string} token what gives access, where something must
 * @param {AbortSignal} signal ends it
 * @param {function(object): void} grown told of the answer so far
 * @returns {Promise<object>} the complete answer
 * @throws {AskError} of kind "denied", "many", "offline", "failed" or "wrong" (with the API's words)
 */
export async function ask(body, token, signal, grown) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch("api/ask", {
      method: "POST", headers, signal, body: JSON.stringify({ ...body, stream: true, links: true }),
    });
  } catch (error) {
    throw unreached(error);
  }
  if (!response.ok) throw await refused(response);
  let last = null;
  try {
    for await (const { event, data } of events(response.body)) {
      if (event === "partial") grown(data);
      else if (event === "answer") last = data;
      else if (event === "error") throw new AskError("wrong", data.error?.message);
    }
  } catch (error) {
    throw error instanceof AskError ? error : unreached(error);
  }
  if (!last) throw new AskError("failed");
  return last;
}

function unreached(error) {
  if (error.name === "AbortError") return error;
  return new AskError(navigator.onLine ? "failed" : "offline");
}

async function refused(response) {
  if (response.status === 401 || response.status === 403) return new AskError("denied");
  if (response.status === 429 || response.status === 503) return new AskError("many");
  const said = await response.json().catch(() => null);
  const words = said?.error?.message;
  return new AskError(words && response.status < 500 ? "wrong" : "failed", words);
}

/** Server-sent events out of a stream of bytes, whatever pieces it comes in. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    left += value;
    const blocks = left.split(/\r?\n\r?\n/);
    left = blocks.pop();
    for (const block of blocks) {
      let event = "message";
      let data = "";
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        else if (line.startsWith("data:")) data += line.slice(5).trimStart();
      }
      if (data) yield { event, data: JSON.parse(data) };
    }
  }
}
