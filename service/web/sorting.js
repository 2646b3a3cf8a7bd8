// Lets the items of a list be reordered by dragging, with mouse, pen or finger.

// `moved(from, to)` is called when an item is dropped. An item is dragged by its `.handle`.
export function sortable(list, moved) {
  list.addEventListener("pointerdown", event => {
    const handle = event.target.closest(".handle");
    if (!handle || event.button !== 0) return;
    const item = handle.closest("li");
    const from = [...list.children].indexOf(item);
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    item.classList.add("dragged");
    const move = ({clientX, clientY}) => {
      const over = document.elementsFromPoint(clientX, clientY).find(element => element.parentElement === list && element !== item);
      if (!over) return;
      const {left, width} = over.getBoundingClientRect();
      over[clientX < left + width / 2 ? "before" : "after"](item);
    };
    const drop = () => {
      handle.removeEventListener("pointermove", move);
      item.classList.remove("dragged");
      moved(from, [...list.children].indexOf(item));
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", drop, {once: true});
  });
}
