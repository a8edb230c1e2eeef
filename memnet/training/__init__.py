"""Recipes, examples, the loop and its checkpoints. Nothing here knows of SQL, FAISS or HTTP."""
