-- Tags that many pages name, with their other names in English and Chinese, for administrators who want to begin with them.

CREATE FUNCTION bountygo.add_common_tags() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	entry record;
	added integer := 0;
BEGIN
	PERFORM bountygo.require_moderator();
	PERFORM bountygo.hold_names('tag', true);
	FOR entry IN
		SELECT v.name, v.category::bountygo.tag_category AS category, v.names, v.languages FROM (VALUES
			('DeFi', 'industry', ARRAY['decentralized finance', '去中心化金融'], ARRAY['en', 'zh']),
			('NFT', 'industry', ARRAY['non-fungible token', 'NFTs', '非同质化代币'], ARRAY['en', 'en', 'zh']),
			('DAO', 'industry', ARRAY['decentralized autonomous organization', '去中心化自治组织'], ARRAY['en', 'zh']),
			('Web3', 'industry', ARRAY['Web 3.0', '第三代互联网'], ARRAY['en', 'zh']),
			('blockchain', 'industry', ARRAY['区块链'], ARRAY['zh']),
			('GameFi', 'industry', ARRAY['链游'], ARRAY['zh']),
			('artificial intelligence', 'industry', ARRAY['人工智能'], ARRAY['zh']),
			('zero knowledge', 'industry', ARRAY['ZK', 'ZKP', 'zero knowledge proofs', '零知识证明'], ARRAY['en', 'en', 'en', 'zh']),
			('hackathon', 'industry', ARRAY['hackathons', '黑客松', '黑客马拉松'], ARRAY['en', 'zh', 'zh']),
			('bug bounty', 'industry', ARRAY['bug bounties', '漏洞赏金'], ARRAY['en', 'zh']),
			('grant', 'industry', ARRAY['grants', '资助'], ARRAY['en', 'zh']),
			('open source', 'industry', ARRAY['开源'], ARRAY['zh']),
			('airdrop', 'industry', ARRAY['airdrops', '空投'], ARRAY['en', 'zh']),
			('smart contract', 'skill', ARRAY['smart contracts', '智能合约'], ARRAY['en', 'zh']),
			('frontend', 'skill', ARRAY['front end', '前端'], ARRAY['en', 'zh']),
			('backend', 'skill', ARRAY['back end', '后端'], ARRAY['en', 'zh']),
			('design', 'skill', ARRAY['设计'], ARRAY['zh']),
			('translation', 'skill', ARRAY['翻译'], ARRAY['zh']),
			('writing', 'skill', ARRAY['写作', '征文'], ARRAY['zh', 'zh']),
			('security', 'skill', ARRAY['安全'], ARRAY['zh']),
			('JavaScript', 'skill', ARRAY['JS'], ARRAY['en']),
			('TypeScript', 'skill', ARRAY['TS'], ARRAY['en']),
			('Go', 'skill', ARRAY['golang'], ARRAY['en']),
			('video', 'media', ARRAY['videos', '视频'], ARRAY['en', 'zh']),
			('article', 'media', ARRAY['articles', '文章'], ARRAY['en', 'zh']),
			('podcast', 'media', ARRAY['podcasts', '播客'], ARRAY['en', 'zh']),
			('meme', 'media', ARRAY['memes', '表情包'], ARRAY['en', 'zh'])) AS v (name, category, names, languages)
	LOOP
		BEGIN
			PERFORM bountygo.new_tag(entry.name, entry.category, true, entry.names, entry.languages);
			added := added + 1;
		EXCEPTION WHEN SQLSTATE 'UB409' THEN
			-- Somebody has it, or one of its names, already: theirs stays as it is.
			NULL;
		END;
	END LOOP;
	RETURN added;
END
$$;
COMMENT ON FUNCTION bountygo.add_common_tags() IS
'Adds some tags that many pages name (DeFi, hackathon, smart contract, …) with synonyms in English and Chinese, and returns how many; those of which any name is in use stay out. Nothing calls it by itself. For moderators and administrators. UB401, UB403.';
