"""The web demo: `view` turns results into HTML, `demo` puts them on a Gradio page."""
